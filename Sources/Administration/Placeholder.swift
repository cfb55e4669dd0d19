// Administration arrives here.
