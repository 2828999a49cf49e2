"""A Manager runs a server process that holds the objects; the others use them through proxies."""
import multiprocessing


def note(board, lock, name):
    with lock:
        board[name] = len(name)


if __name__ == '__main__':
    with multiprocessing.Manager() as manager:
        board, lock = manager.dict(), manager.Lock()
        writers = [multiprocessing.Process(target=note, args=(board, lock, name)) for name in ('ant', 'bee', 'mosquito')]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        print(sorted(board.items()))
