"""The operator's command line of Prospect-to-cash: run it, see what it did, mend what it could not do."""
