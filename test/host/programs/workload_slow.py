"""Rows that take as long as they say, in seconds."""
import time


def wait(seconds):
    time.sleep(seconds)
    return seconds
