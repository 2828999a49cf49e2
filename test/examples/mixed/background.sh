#!/bin/sh
# Four ways to leave a program behind in a shell script. Each lives on when the script has ended.
echo 'the script ends'
exec </dev/null >/dev/null 2>&1
sleep 0.8 &
nohup sleep 0.9 &
setsid sleep 1 &
(nohup setsid python3 -c 'import sys, time; time.sleep(0.8); sys.exit(4)' &)
