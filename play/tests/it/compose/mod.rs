//! The installation that people have: `docker-compose.yml` with Debian's docker-compose, on images that need no registry.

mod file;
mod sale;
mod settings;
mod yard;
