import os

from webuiapi import WebUIApi

api = WebUIApi(
    baseurl=f"{os.environ['TEMPERA_URL']}/sdapi/v1",
    username=os.environ["TEMPERA_USER"],
    password=os.environ["TEMPERA_TOKEN"],
)

result = api.txt2img(
    prompt="a red apple <lora:line-art:0.6>",
    negative_prompt="blurry",
    sampler_name="DPM++ 2M",
    scheduler="karras",
    steps=8,
    seed=7,
    width=512,
    height=512,
    batch_size=2,
)

for seed, image in zip(result.info["all_seeds"], result.images, strict=True):
    image.save(f"apple-{seed}.png")

# What is not as it was asked for, such as a size that the checkpoint draws badly.
for note in result.info["notes"]:
    print(note)
