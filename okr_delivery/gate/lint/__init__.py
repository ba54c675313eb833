"""`okr lint`: the rules asked of the OKR files themselves, one class per file `okrNNN.py` beside this one."""
