"""What leaves the program: pictures at paper size, and one archive with figures, numbers, versions and commands."""
