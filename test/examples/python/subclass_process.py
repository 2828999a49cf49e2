"""Subclass Process and override run() where a process has state and a name of its own."""
import multiprocessing


class Greeter(multiprocessing.Process):
    def __init__(self, whom):
        super().__init__()
        self.whom = whom

    def run(self):
        print('{}: hello, {}'.format(self.name, self.whom))


if __name__ == '__main__':
    for whom in ('Ada', 'Grace'):
        greeter = Greeter(whom)
        greeter.start()
        greeter.join()
