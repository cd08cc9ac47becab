namespace FlowPipe.Abstractions;

/// <summary>The memory of one partition for what sessions keep; every byte lent counts towards the memory cap.</summary>
public interface IBytePool
{
    /// <summary>The largest array that it gives.</summary>
    int LargestArray { get; }

    /// <summary>An array of at least so many bytes, not cleared. Give it back with <see cref="Return"/>.</summary>
    byte[] Rent(int bytes);

    /// <summary>Takes an array back.</summary>
    void Return(byte[] array);
}
