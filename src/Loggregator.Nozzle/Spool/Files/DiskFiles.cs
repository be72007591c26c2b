using System.Runtime.InteropServices;

namespace Loggregator.Nozzle.Spool.Files;

/// <summary>A folder of the operating system.</summary>
internal sealed partial class DiskFiles(string directory) : ISpoolFiles
{
    private const string LockName = "lock";
    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>Makes the folder if it is not there, for this user alone: it holds what applications have logged.</summary>
    public static DiskFiles Ensure(string directory)
    {
        var path = Path.GetFullPath(directory);
        var missing = new Stack<string>();
        for (var level = path; !Directory.Exists(level); level = Path.GetDirectoryName(level)!)
        {
            missing.Push(level);
        }

        foreach (var level in missing)
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(level);
            }
            else
            {
                Directory.CreateDirectory(level, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            SyncDirectory(Path.GetDirectoryName(level)!);
        }

        return new DiskFiles(path);
    }

    public IDisposable Lock() => File.OpenHandle(At(LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    public IReadOnlyList<(string Name, long Length)> List() =>
        [.. new DirectoryInfo(directory).EnumerateFiles().Where(file => file.Name != LockName).Select(file => (file.Name, file.Length))];

    public ISpoolFile Create(string name) => new DiskFile(File.OpenHandle(At(name), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));

    public ISpoolFile Open(string name, bool write) =>
        new DiskFile(File.OpenHandle(At(name), FileMode.Open, write ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

    public void Delete(string name) => File.Delete(At(name));

    public void Sync() => SyncDirectory(directory);

    private string At(string name) => Path.Combine(directory, name);

    // .NET opens no directories, and a new file's name is on the disk only when its directory is.
    private static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals names by itself
        }

        var descriptor = OpenFile(path, ReadOnlyCloseOnExec);
        if (descriptor < 0)
        {
            throw LastError(path);
        }

        try
        {
            if (SyncFile(descriptor) != 0)
            {
                throw LastError(path);
            }
        }
        finally
        {
            _ = CloseFile(descriptor);
        }
    }

    private static IOException LastError(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{Marshal.GetPInvokeErrorMessage(error)} : '{path}'", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncFile(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CloseFile(int descriptor);
}
