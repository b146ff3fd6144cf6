"""The workshop: write the integration yourself, in ten steps, each with a check.

python -m workshop       checks member_info.py after each save, and says what to do next

member_info.py           the participant's file: made from starter.py on the first run
provided.py              what the participant need not write
solution.py              one way to do it: look once a step has passed
checks/                  a file for each step, with its check and its sentences; base.py
testbed.py               the emulated Alipay that the checks run against
participant.py           member_info.py as functions, the solution's in place of missing ones
runner.py                runs the checks in a child process, with a time limit
commands.py              the command line; progress.py remembers, report.py shows
terminal.py  texts.py    text in both languages for any terminal
ready.py                 is this machine ready?
participant_app.py       `serve`: the app and the workbench with the participant's functions
"""
