"""Leaves a file as a proof that it was executed."""
import pathlib

pathlib.Path(__file__).with_name('executed').write_text('yes')
