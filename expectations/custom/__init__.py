"""Our own expectations; importing a module imports Great Expectations and registers its expectation there."""
