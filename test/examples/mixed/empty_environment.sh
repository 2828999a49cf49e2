#!/bin/sh
# env -i starts a program with an empty environment: it inherits nothing that the caller set.
env -i "$(command -v python3)" -c 'import sys, time; time.sleep(0.5); sys.exit(5)'
echo "exit code $?"
