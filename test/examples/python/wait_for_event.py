"""An Event lets one process tell others to go on. wait(timeout) says whether the event came or the time was over."""
import multiprocessing


def wait(event, timeout):
    name = multiprocessing.current_process().name
    print(name, 'saw the event' if event.wait(timeout) else 'gave up')


if __name__ == '__main__':
    event = multiprocessing.Event()
    patient = multiprocessing.Process(name='patient', target=wait, args=(event, None))
    hasty = multiprocessing.Process(name='hasty', target=wait, args=(event, 0.1))
    patient.start()
    hasty.start()
    hasty.join()
    event.set()
    patient.join()
