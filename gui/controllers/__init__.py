"""One controller per job of the user; they join document, jobs, core and panels."""
