# One image for every process of Sluice; the command says which it is. glibc, since the wheels are built for it.
FROM python:3.13-slim AS build
WORKDIR /sluice
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 sluice
WORKDIR /sluice
COPY --from=build /venv /venv
COPY . .
RUN python manage.py collectstatic --no-input -v0
USER sluice
CMD ["uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "3000"]
