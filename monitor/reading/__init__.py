"""What does this page say? Pure: one page and the configuration in, one `Reading` out."""
