using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Raw envelopes on disk between a nozzle and one sink: what an append stored outlives the process and the power, until its batch is completed.
/// Any thread appends; one reader reads; batches end on any thread.
/// </summary>
internal sealed class EnvelopeSpool : IAsyncDisposable
{
    private readonly SpoolState _state;
    private readonly Committer _committer;
    private readonly IDisposable _lock;

    private EnvelopeSpool(SpoolState state, IDisposable folderLock)
    {
        (_state, _lock) = (state, folderLock);
        MaxEntryBytes = (int)Math.Min(BlockHeader.MaxBlockLength / 2, state.Options.MaxBytes / 4);
        _committer = new Committer(state);
        _committer.Start();
    }

    /// <summary>Its numbers.</summary>
    public SpoolCounters Counters => _state.Counters;

    /// <summary>Why appends wait, for health and people; null while they do not.</summary>
    public string? Trouble => _state.Trouble;

    /// <summary>No entry may have more bytes.</summary>
    public int MaxEntryBytes { get; }

    /// <summary>Opens the spool of a folder, which is made if it is not there, and takes it for this process alone.</summary>
    /// <exception cref="SpoolException">Another process has it, it cannot be written, or a newer version wrote it.</exception>
    public static EnvelopeSpool Open(SpoolOptions options, ILogger logger, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        try
        {
            return Open(options, DiskFiles.Ensure(options.Directory), logger, time);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            throw new SpoolException($"The spool {options.Directory} cannot be opened: {e.Message} Give the sink a folder that this user may write.", e);
        }
    }

    /// <summary>Opens a spool on any disk.</summary>
    internal static EnvelopeSpool Open(SpoolOptions options, ISpoolFiles files, ILogger logger, TimeProvider time)
    {
        IDisposable folderLock;
        try
        {
            folderLock = files.Lock();
        }
        catch (IOException e) when (DiskFault.IsInUse(e))
        {
            throw new SpoolException($"The spool {options.Directory} is in use by another process. Give each sink of each nozzle a folder of its own.", e);
        }

        try
        {
            var state = new SpoolState(options, files, logger, time, Recovery.Run(files, options.Directory, logger));
            SpoolLog.Opened(logger, options.Directory, state.Held, state.Bytes);
            return new EnvelopeSpool(state, folderLock);
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Stores an entry, in the order of the calls; ends when it is durable, and may then be acknowledged. The spool retains the buffer as long as it needs it, so the caller may
    /// dispose his own at once. While the spool is full or its disk refuses, this waits (<see cref="Trouble"/>); a cancellation ends the wait, not the append.
    /// </summary>
    /// <exception cref="SpoolException">The spool was closed before the disk took it: it is not stored.</exception>
    /// <exception cref="ObjectDisposedException">The spool is closed.</exception>
    /// <exception cref="ArgumentException">The entry is larger than <see cref="MaxEntryBytes"/>, or its positions are not one per record.</exception>
    public Task AppendAsync(in SpoolEntry entry, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(entry.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entry.Length, MaxEntryBytes);
        if (entry.Positions.Length != 0 && entry.Positions.Length != entry.Count)
        {
            throw new ArgumentException($"{entry.Count} records have {entry.Positions.Length} positions.", nameof(entry));
        }

        var durable = _committer.AddAsync(entry);
        return cancel.CanBeCanceled ? durable.WaitAsync(cancel) : durable;
    }

    /// <summary>The reader of its sink. One at a time: dispose it and its batches before the next is opened.</summary>
    /// <param name="order">In which order.</param>
    /// <param name="batchBytes">About how many bytes a batch has at most; one of a single larger block has more.</param>
    public SpoolReader OpenReader(BufferOrder order, int batchBytes = SegmentWalk.UsualWindow) => new(_state, order, batchBytes);

    /// <summary>Makes durable what was appended, writes down what was delivered, and gives the folder back.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.Factory.StartNew(_committer.Dispose, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _state.Mark.Dispose();
        _lock.Dispose();
    }
}
