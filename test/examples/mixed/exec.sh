#!/bin/sh
# A start-up script that sets things up and then becomes the program.
GREETING=hello
export GREETING
exec python3 -c 'import os, sys, time; time.sleep(0.3); print(os.environ["GREETING"]); sys.exit(6)'
