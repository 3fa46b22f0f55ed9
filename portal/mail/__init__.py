"""Mails: written from one text each, sent by SMTP, or kept in a folder and read at /dev/mail."""
