// HTTP arrives here.
