from ._verification import verify_address as verify_address
