// OpenIDConnect arrives here.
