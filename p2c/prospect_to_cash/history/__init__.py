"""What ran: collected from the plugins' summary lines, kept in a database, shown to people."""
