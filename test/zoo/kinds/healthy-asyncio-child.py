# An event loop waits for the output of a child that sleeps
# exit: 0

import asyncio
async def main():
    child = await asyncio.create_subprocess_exec('sh', '-c', 'sleep 6; echo done', stdout=asyncio.subprocess.PIPE)
    print((await child.communicate())[0])
asyncio.run(main())
