#!/bin/sh
# A shell starts both ends of a pipe. The script ends with the status of its last command.
python3 -c 'print([3, 4])' | node sum.cjs
sh -c 'exit 3'
