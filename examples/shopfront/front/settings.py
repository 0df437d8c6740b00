"""As little of Django as answers a request."""

DEBUG = True
SECRET_KEY = "of an example"
ROOT_URLCONF = "front.urls"
USE_TZ = True
