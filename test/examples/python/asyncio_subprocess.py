"""asyncio starts programs and waits for all of them at once."""
import asyncio
import sys
import time


async def run(code):
    child = await asyncio.create_subprocess_exec(sys.executable, __file__, str(code))
    return await child.wait()


async def main():
    print('exit codes', await asyncio.gather(run(0), run(1), run(2)))


if __name__ == '__main__':
    if len(sys.argv) > 1:
        time.sleep(0.1)
        sys.exit(int(sys.argv[1]))
    asyncio.run(main())
