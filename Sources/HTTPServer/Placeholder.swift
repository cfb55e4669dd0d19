// HTTPServer arrives here.
