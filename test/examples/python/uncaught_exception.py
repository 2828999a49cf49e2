"""An exception that nobody catches ends the program with a traceback and exit code 1."""


def average(numbers):
    return sum(numbers) / len(numbers)


if __name__ == '__main__':
    print(average([1, 2, 3]), flush=True)
    print(average([]))
