"""What `make up` shows: a shop whose orders become events, and a receiver that checks their signatures."""
