"""The endpoint that bookrec is measured against: FastAPI with a stored list by reader in Redis, as JSON."""

import json
import os

import redis.asyncio as redis
from fastapi import FastAPI, Query

app = FastAPI()
store = redis.from_url(os.environ["STORE_URL"], decode_responses=True)


@app.get("/recommend/{user_id}")
async def recommend(user_id: str, top_k: int = Query(10, ge=1, le=1_000_000)):
    text = await store.get(f"peer:{user_id}")
    if text is None:
        text = await store.get("peer:prior")
    answer = json.loads(text)
    answer["recommendations"] = answer["recommendations"][:top_k]
    return answer
