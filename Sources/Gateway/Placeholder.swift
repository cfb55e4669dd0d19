// Gateway arrives here.
