using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>Parsers and plugins that come from folders, and what becomes of files that are none.</summary>
public sealed class PluginFolderTests : IDisposable
{
    private const string Parsers = "FlowPipe.Parsers.dll";

    private static readonly string BuiltIn = Path.Combine(Path.GetDirectoryName(Executable.Path)!, "parsers", Parsers);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ParsersOfAnotherFolderTakeThePlaceOfTheBuiltIn()
    {
        Put("a/" + Parsers, File.ReadAllBytes(BuiltIn));
        Put("b/" + Parsers, [1, 2, 3]);
        ProgramResult run = await ReplayAsync("--set", $"parsersDir={In("a")} {In("b")}");
        Assert.Contains(" http ", run.Succeeded().Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error); // the second of the name is not looked at
    }

    [Fact]
    public async Task WithoutBuiltInParsersThereAreSessionsAllTheSame()
    {
        Directory.CreateDirectory(In("empty"));
        ProgramResult run = (await ReplayAsync("--set", $"parsersDir={In("empty")}")).Succeeded();
        Assert.DoesNotContain(" http ", run.Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task WhatIsNoAssemblyIsNamedAndLeftOut()
    {
        Put("mine/notes.dll", "not an assembly"u8.ToArray());
        ProgramResult run = (await ReplayAsync("--set", $"parsersDir=builtin {In("mine")}")).Succeeded();
        Assert.Contains(" http ", run.Out, StringComparison.Ordinal);
        Assert.Contains($"{In("mine/notes.dll")} is not used: it can't be loaded", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAssemblyWithoutAPluginIsNamedAndLeftOut()
    {
        Put("mine/other.dll", File.ReadAllBytes(typeof(CsCheck.Check).Assembly.Location));
        ProgramResult run = (await ReplayAsync("--set", $"parsersDir=builtin {In("mine")}")).Succeeded();
        Assert.Contains($"{In("mine/other.dll")} is not used: it has no public class", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FlowPipe.Abstractions")]
    [InlineData("FlowPipe.Schemas")]
    public async Task OneForAnotherVersionIsRefusedByNameAndVersion(string reference)
    {
        Put("plugins/later.dll", WithReference(File.ReadAllBytes(BuiltIn), reference, new Version(7, 3, 1, 0)));
        ProgramResult run = (await ReplayAsync("--set", $"pluginsDir={In("plugins")}", "--set", "plugins=later")).Succeeded();
        Assert.Contains(" http ", run.Out, StringComparison.Ordinal);
        Assert.Contains(
            $"{In("plugins/later.dll")} is not used: it was built for {reference} 7.3.1, and this is",
            run.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task APluginThatIsNotThereIsAMistake()
    {
        Directory.CreateDirectory(In("plugins"));
        ProgramResult run = (await ReplayAsync("--set", $"pluginsDir={In("plugins")}", "--set", "rootPlugins=absent")).Ended(2);
        Assert.Contains(
            $"rootPlugins names absent.dll, which is in no folder of pluginsDir ({In("plugins")})",
            run.Error,
            StringComparison.Ordinal
        );
        run = (await ReplayAsync("--set", "plugins=absent.dll")).Ended(2);
        Assert.Contains("pluginsDir names no folder", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AParsersFolderThatIsNotThereIsNamed()
    {
        ProgramResult run = (await ReplayAsync("--set", $"parsersDir={In("absent")}")).Ended(1);
        Assert.Contains(In("absent"), run.Error, StringComparison.Ordinal);
        Assert.Contains("parsersDir", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PluginsAreTheSameDoor()
    {
        // The built-in parsers, as plugins.
        Directory.CreateDirectory(In("empty"));
        Put("plugins/all.dll", File.ReadAllBytes(BuiltIn));
        ProgramResult run = (
            await ReplayAsync(
                "--set",
                $"parsersDir={In("empty")}",
                "--set",
                $"pluginsDir={In("empty")} {In("plugins")}",
                "--set",
                "plugins=all"
            )
        ).Succeeded();
        Assert.Contains(" http ", run.Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    private static Task<ProgramResult> ReplayAsync(params string[] args) =>
        Executable.RunAsync(["replay", "--quiet", "-r", Executable.Sample("http.pcap"), .. args]);

    private string In(string name) => Path.Combine(_folder.Path, name);

    private void Put(string name, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(name))!);
        File.WriteAllBytes(In(name), content);
    }

    /// <summary>The assembly as if it had been built for another version of a reference: the first eight bytes of its row in the metadata.</summary>
    private static byte[] WithReference(byte[] assembly, string name, Version version)
    {
        using var file = new PEReader(new MemoryStream(assembly));
        MetadataReader metadata = file.GetMetadataReader();
        foreach (AssemblyReferenceHandle handle in metadata.AssemblyReferences)
        {
            if (metadata.GetString(metadata.GetAssemblyReference(handle).Name) != name)
                continue;
            int row =
                file.PEHeaders.MetadataStartOffset
                + metadata.GetTableMetadataOffset(TableIndex.AssemblyRef)
                + (MetadataTokens.GetRowNumber(handle) - 1) * metadata.GetTableRowSize(TableIndex.AssemblyRef);
            byte[] changed = (byte[])assembly.Clone();
            int[] parts = [version.Major, version.Minor, version.Build, version.Revision];
            for (int i = 0; i < parts.Length; i++)
                BitConverter.TryWriteBytes(changed.AsSpan(row + 2 * i), (ushort)parts[i]);
            return changed;
        }
        throw new InvalidOperationException($"it has no reference to {name}");
    }
}
