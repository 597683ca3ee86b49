"""The web page on the sign-in port: the three systems side by side, and the small JSON API it uses."""
