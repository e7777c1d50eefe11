"""The Locust process (`python -m pocchaos.load.worker`); nothing else imports locust, gevent or geventhttpclient."""
