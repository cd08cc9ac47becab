using System.Threading.Tasks.Sources;

namespace FlowPipe.Core.Reading;

/// <summary>
/// A fixed number of reusable things, made when first wanted. One consumer rents; anyone returns. Renting waits without a thread and without an
/// allocation (a semaphore's waiter would cost a few hundred bytes a batch), and last in is first out, so that what is warm in the cache is used again.
/// </summary>
internal sealed class CreditPool<T>(int limit, Func<T> create) : IValueTaskSource<T?>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly T[] _idle = new T[limit];
    private ManualResetValueTaskSourceCore<T?> _waiter = new() { RunContinuationsAsynchronously = true };
    private int _idleCount;
    private int _made;
    private bool _waiting;
    private bool _closed;

    /// <summary>The next free thing, or null once the pool is closed.</summary>
    public ValueTask<T?> RentAsync()
    {
        lock (_gate)
        {
            if (_closed)
                return new ValueTask<T?>((T?)null);
            if (_idleCount > 0)
                return new ValueTask<T?>(_idle[--_idleCount]);
            if (_made == limit)
            {
                _waiter.Reset();
                _waiting = true;
                return new ValueTask<T?>(this, _waiter.Version);
            }
            _made++;
        }
        return new ValueTask<T?>(create());
    }

    /// <summary>The next free thing, or null where there is none to be had at once.</summary>
    public T? TryRent()
    {
        lock (_gate)
        {
            if (_closed)
                return null;
            if (_idleCount > 0)
                return _idle[--_idleCount];
            if (_made == limit)
                return null;
            _made++;
        }
        return create();
    }

    /// <summary>Takes a thing back, or hands it to who waits for it.</summary>
    public void Return(T item)
    {
        lock (_gate)
        {
            if (!_waiting)
            {
                _idle[_idleCount++] = item;
                return;
            }
            _waiting = false;
        }
        _waiter.SetResult(item);
    }

    /// <summary>Forgets one that will not come back, so that another may be made.</summary>
    public void Forget()
    {
        lock (_gate)
            _made--;
    }

    /// <summary>Wakes the waiter with nothing; nothing is rented from here on.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            if (!_waiting)
                return;
            _waiting = false;
        }
        _waiter.SetResult(null);
    }

    T? IValueTaskSource<T?>.GetResult(short token) => _waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<T?>.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource<T?>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _waiter.OnCompleted(continuation, state, token, flags);
}
