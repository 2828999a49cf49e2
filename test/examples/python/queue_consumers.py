"""Hand out work with queues: every consumer takes the next task until it finds the None that tells it to stop."""
import multiprocessing


def consume(tasks, results):
    for number in iter(tasks.get, None):
        results.put((number, number * number))


if __name__ == '__main__':
    tasks, results = multiprocessing.Queue(), multiprocessing.Queue()
    consumers = [multiprocessing.Process(target=consume, args=(tasks, results)) for _ in range(2)]
    for consumer in consumers:
        consumer.start()
    for number in range(10):
        tasks.put(number)
    for _ in consumers:
        tasks.put(None)
    # Take the results before the join: a process ends only when its queue has been emptied.
    for number, square in sorted(results.get() for _ in range(10)):
        print(number, 'squared is', square)
    for consumer in consumers:
        consumer.join()
