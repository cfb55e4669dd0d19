// Configuration arrives here.
