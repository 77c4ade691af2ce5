"""Jobs of a comparison in processes of their own."""
