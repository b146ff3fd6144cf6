"""The workshop: write the integration yourself, in ten steps that a check leads through.

python -m workshop       checks member_info.py, again at each save, and says what to do next

member_info.py           your file; starter.py is how it was at the start
given.py                 what you need not write
solution.py              how it can be done: look once a step is done
steps.py  checks/        the steps and their checks; words/ has what is said, in both languages
load.py  run.py  lab.py  your functions, run against an emulated Alipay
child.py  runner.py      that in a process of its own, because a function may hang
cli.py  watch.py         the command line; progress.py remembers, report.py tells
ready.py                 is this machine ready?
serve.py  client.py  store.py    the end: the workbench with your functions behind it
"""
