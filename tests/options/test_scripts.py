"""Scripts for options that no other script shows, through engine and twin."""

import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'engine'))
import run_scripts  # noqa: E402

if __name__ == '__main__':
    sys.argv[2:] = sorted(glob.glob(os.path.join(HERE, '*.script')))
    sys.exit(run_scripts.main())
