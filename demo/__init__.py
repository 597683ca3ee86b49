"""The story that `make demo` tells: accounts travel from Sales through CDS into Finance and Operations."""
