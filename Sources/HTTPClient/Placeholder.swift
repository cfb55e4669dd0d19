// HTTPClient arrives here.
