using Loggregator.Nozzle.Spool.Files;

namespace Loggregator.Tests.Nozzle.Spool;

/// <summary>
/// A folder in memory that behaves as a disk at its worst: what was not synced survives a power cut in any part, by sectors and by names. It can
/// refuse writes for want of space, fail syncs, after which what was to be synced is gone for good, and stop dead after a number of operations.
/// </summary>
internal sealed class PowerCutFiles : ISpoolFiles
{
    private const int Sector = 512, NoPower = 5, ReadOnlyFileSystem = 30;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Inode> _names = [];
    private readonly List<(string Name, Inode? Inode)> _unsyncedNames = [];
    private Dictionary<string, Inode> _durableNames = [];
    private bool _locked;

    /// <summary>Operations that change the disk, so far.</summary>
    public int Operations { get; private set; }

    /// <summary>The operation at which the power goes; nothing works from then on.</summary>
    public int CutAt { get; set; } = int.MaxValue;

    /// <summary>Room for file contents.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>So many of the next syncs fail.</summary>
    public int FailingSyncs { get; set; }

    /// <summary>Creating, writing and deleting is refused, as on a file system that is mounted read-only.</summary>
    public bool ReadOnly { get; set; }

    public bool IsCut => Operations >= CutAt;

    public IDisposable Lock()
    {
        lock (_lock)
        {
            if (_locked)
            {
                throw new IOException("The process cannot access the file because it is being used by another process.", DiskFault.Locked);
            }

            _locked = true;
            return new Unlock(this);
        }
    }

    public IReadOnlyList<(string Name, long Length)> List()
    {
        lock (_lock)
        {
            return [.. _names.Select(entry => (entry.Key, entry.Value.Current.LongLength))];
        }
    }

    public ISpoolFile Create(string name)
    {
        lock (_lock)
        {
            Operate();
            if (_names.ContainsKey(name))
            {
                throw new IOException($"{name} exists already.");
            }

            var inode = new Inode();
            _names[name] = inode;
            _unsyncedNames.Add((name, inode));
            return new Handle(this, inode);
        }
    }

    public ISpoolFile Open(string name, bool write)
    {
        lock (_lock)
        {
            return new Handle(this, _names.TryGetValue(name, out var inode) ? inode : throw new FileNotFoundException(name));
        }
    }

    public void Delete(string name)
    {
        lock (_lock)
        {
            Operate();
            if (_names.Remove(name))
            {
                _unsyncedNames.Add((name, null));
            }
        }
    }

    public void Sync()
    {
        lock (_lock)
        {
            Operate();
            if (FailingSyncs > 0)
            {
                FailingSyncs--;
                throw new IOException("Input/output error", NoPower);
            }

            _unsyncedNames.Clear();
            _durableNames = new Dictionary<string, Inode>(_names);
        }
    }

    /// <summary>The content of a file now, to damage it.</summary>
    public byte[] Content(string name) => _names[name].Current;

    /// <summary>Replaces the content of a file.</summary>
    public void Replace(string name, byte[] content) => _names[name] = new Inode { Current = content, Durable = content };

    /// <summary>What is there after the power went and came: a part of the unsynced, as the seed has it.</summary>
    public PowerCutFiles AfterPowerCut(Random random)
    {
        lock (_lock)
        {
            var names = new Dictionary<string, Inode>(_durableNames);
            foreach (var (name, inode) in _unsyncedNames.Where(_ => random.Next(2) == 0))
            {
                if (inode is null)
                {
                    names.Remove(name);
                }
                else
                {
                    names[name] = inode;
                }
            }

            var after = new PowerCutFiles();
            foreach (var (name, inode) in names)
            {
                var content = inode.Survive(random);
                after._names[name] = new Inode { Current = content, Durable = content };
            }

            after._durableNames = new Dictionary<string, Inode>(after._names);
            return after;
        }
    }

    /// <summary>What is there after the process was killed: all that was written.</summary>
    public PowerCutFiles AfterKill()
    {
        lock (_lock)
        {
            var after = new PowerCutFiles();
            foreach (var (name, inode) in _names)
            {
                after._names[name] = inode.Copy();
            }

            foreach (var (name, inode) in _unsyncedNames)
            {
                after._unsyncedNames.Add((name, inode is null ? null : after._names.GetValueOrDefault(name) ?? inode));
            }

            foreach (var (name, inode) in _durableNames)
            {
                after._durableNames[name] = after._names.GetValueOrDefault(name) ?? inode;
            }

            return after;
        }
    }

    private void Operate()
    {
        if (IsCut)
        {
            throw new IOException("There is no power.", NoPower);
        }

        if (ReadOnly)
        {
            throw new IOException("Read-only file system", ReadOnlyFileSystem);
        }

        Operations++;
    }

    private sealed class Inode
    {
        private readonly List<(long Offset, byte[]? Bytes)> _unsynced = []; // without bytes: cut to the offset

        public byte[] Current { get; set; } = [];

        public byte[] Durable { get; set; } = [];

        public void Write(long offset, byte[] bytes)
        {
            Current = Apply(Current, offset, bytes);
            _unsynced.Add((offset, bytes));
        }

        public void Truncate(long length)
        {
            Current = Current[..(int)length];
            _unsynced.Add((length, null));
        }

        public void Sync()
        {
            foreach (var (offset, bytes) in _unsynced)
            {
                Durable = bytes is null ? Cut(Durable, offset) : Apply(Durable, offset, bytes);
            }

            _unsynced.Clear();
        }

        public void ForgetUnsynced() => _unsynced.Clear();

        public byte[] Survive(Random random)
        {
            var content = Durable;
            foreach (var (offset, bytes) in _unsynced)
            {
                if (bytes is null)
                {
                    content = random.Next(2) == 0 ? Cut(content, offset) : content;
                    continue;
                }

                var share = random.Next(3); // none, some, all
                for (var at = 0; at < bytes.Length; at += Sector)
                {
                    if (share == 2 || (share == 1 && random.Next(2) == 0))
                    {
                        content = Apply(content, offset + at, bytes[at..Math.Min(bytes.Length, at + Sector)]);
                    }
                }
            }

            return content;
        }

        public Inode Copy()
        {
            var copy = new Inode { Current = Current, Durable = Durable };
            copy._unsynced.AddRange(_unsynced);
            return copy;
        }

        private static byte[] Apply(byte[] content, long offset, byte[] bytes)
        {
            var result = new byte[Math.Max(content.Length, offset + bytes.Length)];
            content.CopyTo(result, 0);
            bytes.CopyTo(result, offset);
            return result;
        }

        private static byte[] Cut(byte[] content, long length) => content.Length > length ? content[..(int)length] : content;
    }

    private sealed class Handle(PowerCutFiles disk, Inode inode) : ISpoolFile
    {
        public long Length => inode.Current.Length;

        public int Read(Span<byte> target, long offset)
        {
            lock (disk._lock)
            {
                var length = (int)Math.Max(0, Math.Min(target.Length, inode.Current.Length - offset));
                inode.Current.AsSpan((int)Math.Min(offset, inode.Current.Length), length).CopyTo(target);
                return length;
            }
        }

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset)
        {
            lock (disk._lock)
            {
                disk.Operate();
                var bytes = parts.SelectMany(part => part.ToArray()).ToArray();
                var others = disk._names.Values.Where(other => other != inode).Sum(other => other.Current.LongLength);
                var room = Math.Max(disk.Capacity - others, inode.Current.Length); // what is written over takes no more
                var fits = (int)Math.Clamp(room - offset, 0, bytes.Length);
                inode.Write(offset, bytes[..fits]);
                if (fits < bytes.Length)
                {
                    throw new IOException("No space left on device", DiskFault.NoSpace);
                }
            }
        }

        public void Truncate(long length)
        {
            lock (disk._lock)
            {
                disk.Operate();
                inode.Truncate(length);
            }
        }

        public void Sync()
        {
            lock (disk._lock)
            {
                disk.Operate();
                if (disk.FailingSyncs > 0)
                {
                    disk.FailingSyncs--;
                    inode.ForgetUnsynced();
                    throw new IOException("Input/output error", NoPower);
                }

                inode.Sync();
            }
        }

        public void Dispose()
        {
            // Nothing of the system is held.
        }
    }

    private sealed class Unlock(PowerCutFiles disk) : IDisposable
    {
        public void Dispose() => disk._locked = false;
    }
}
