#!/bin/sh
# Four ways to leave a program behind in a shell script. Each lives on when the script has ended.
quiet() { "$@" </dev/null >/dev/null 2>&1; }
quiet sleep 0.8 &
quiet nohup sleep 0.9 &
quiet setsid sleep 1 &
(quiet nohup setsid python3 -c 'import sys, time; time.sleep(0.8); sys.exit(4)' &)
echo 'the script ends'
