"""A small Django site in one file: its own admin, and a form that takes a file. DATABASE names the SQLite file."""

import hashlib
import os
import sys

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    DEBUG=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="for a test that nobody else sees",
    STATIC_URL="/static/",
    TEMPLATES=[
        {
            "APP_DIRS": True,
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    TIME_ZONE="UTC",
    USE_TZ=True,
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.http import HttpResponse, StreamingHttpResponse  # noqa: E402
from django.middleware.csrf import get_token  # noqa: E402
from django.urls import path  # noqa: E402


def page(body):
    """Long enough that compressing it is worth it, whatever its token."""
    more = "<p>A file goes here.</p>" * 50
    return HttpResponse(f"<!doctype html><html><head><title>Upload</title></head><body>{body}{more}</body></html>")


def upload(request):
    if request.method == "POST":
        sent = request.FILES["file"]
        return page(f"<p>{sent.name} {sent.size} {hashlib.sha256(sent.read()).hexdigest()}</p>")
    hidden = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
    return page(f'<form method="post" enctype="multipart/form-data">{hidden}<input type="file" name="file"></form>')


def stream(request):
    return StreamingHttpResponse(
        (f"<!doctype html><title>{i}</title>" if i == 0 else f"<p>{i}</p>") for i in range(1000)
    )


urlpatterns = [path("admin/", admin.site.urls), path("upload/", upload), path("stream/", stream)]

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
