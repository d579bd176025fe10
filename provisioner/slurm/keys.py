"""The keys that slurm.conf, cgroup.conf and slurmdbd.conf have, as Slurm 22.05 and 24.11 read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.slurm.change import Release

_SLURM = """
    AccountingStorageBackupHost AccountingStorageEnforce AccountingStorageExternalHost AccountingStorageHost
    AccountingStorageLoc AccountingStorageParameters AccountingStoragePass AccountingStoragePort
    AccountingStorageTRES AccountingStorageType AccountingStorageUser AccountingStoreFlags
    AccountingStoreJobComment AcctGatherEnergyType AcctGatherFilesystemType AcctGatherInfinibandType
    AcctGatherInterconnectType AcctGatherNodeFreq AcctGatherProfileType AllowSpecResourcesUsage
    AuthAltParameters AuthAltTypes AuthInfo AuthType BackupAddr BackupController BatchStartTimeout BcastExclude
    BcastParameters BurstBufferParameters BurstBufferType CertmgrParameters CertmgrType CliFilterPlugins
    ClusterName CommunicationParameters CompleteWait ControlAddr ControlMachine CoreSpecPlugin CpuFreqDef
    CpuFreqGovernors CredType CryptoType DataParserParameters DebugFlags DefCPUPerGPU DefMemPerCPU DefMemPerGPU
    DefMemPerNode DependencyParameters DisableRootJobs DownNodes EioTimeout EnforcePartLimits Epilog
    EpilogMsgTime EpilogSlurmctld ExtSensorsFreq ExtSensorsType FairShareDampeningFactor FastSchedule
    FederationParameters FirstJobId FrontendName GetEnvTimeout GpuFreqDef GresTypes GroupUpdateForce
    GroupUpdateTime HashPlugin HealthCheckInterval HealthCheckNodeState HealthCheckProgram InactiveLimit Include
    InteractiveStepOptions JobAcctGatherFrequency JobAcctGatherParams JobAcctGatherType JobCompHost JobCompLoc
    JobCompParams JobCompPass JobCompPort JobCompType JobCompUser JobContainerType JobCredentialPrivateKey
    JobCredentialPublicCertificate JobFileAppend JobRequeue JobSubmitPlugins KeepAliveTime KillOnBadExit
    KillWait LaunchParameters LaunchType Licenses LogTimeFormat MailDomain MailProg MaxArraySize MaxBatchRequeue
    MaxDBDMsgs MaxJobCount MaxJobId MaxMemPerCPU MaxMemPerNode MaxNodeCount MaxStepCount MaxTasksPerNode
    MCSParameters MCSPlugin MessageTimeout MinJobAge MpiDefault MpiParams NodeFeaturesPlugins NodeName NodeSet
    OverTimeLimit PartitionName PluginDir PlugStackConfig PowerParameters PowerPlugin PreemptExemptTime
    PreemptMode PreemptParameters PreemptType PrEpParameters PrEpPlugins PriorityCalcPeriod
    PriorityDecayHalfLife PriorityFavorSmall PriorityFlags PriorityMaxAge PriorityParameters
    PrioritySiteFactorParameters PrioritySiteFactorPlugin PriorityType PriorityUsageResetPeriod
    PriorityWeightAge PriorityWeightAssoc PriorityWeightFairshare PriorityWeightJobSize PriorityWeightPartition
    PriorityWeightQOS PriorityWeightTRES PrivateData ProctrackType Prolog PrologEpilogTimeout PrologFlags
    PrologSlurmctld PropagatePrioProcess PropagateResourceLimits PropagateResourceLimitsExcept RebootProgram
    ReconfigFlags RequeueExit RequeueExitHold ResumeFailProgram ResumeProgram ResumeRate ResumeTimeout
    ResvEpilog ResvOverRun ResvProlog ReturnToService RoutePlugin SallocDefaultCommand SbcastParameters
    SchedulerAuth SchedulerParameters SchedulerTimeSlice SchedulerType ScronParameters SelectType
    SelectTypeParameters SlurmctldAddr SlurmctldDebug SlurmctldHost SlurmctldLogFile SlurmctldParameters
    SlurmctldPidFile SlurmctldPlugstack SlurmctldPort SlurmctldPrimaryOffProg SlurmctldPrimaryOnProg
    SlurmctldSyslogDebug SlurmctldTimeout SlurmdDebug SlurmdLogFile SlurmdParameters SlurmdPidFile SlurmdPort
    SlurmdSpoolDir SlurmdSyslogDebug SlurmdTimeout SlurmdUser SlurmSchedLogFile SlurmSchedLogLevel SlurmUser
    SrunEpilog SrunPortRange SrunProlog StateSaveLocation SuspendExcNodes SuspendExcParts SuspendExcStates
    SuspendProgram SuspendRate SuspendTime SuspendTimeout SwitchParameters SwitchType TaskEpilog TaskPlugin
    TaskPluginParam TaskProlog TCPTimeout TLSParameters TLSType TmpFS TopologyParam TopologyPlugin TrackWCKey
    TreeWidth UnkillableStepProgram UnkillableStepTimeout UsePAM VSizeFactor WaitTime X11Parameters
"""
_CGROUP = """
    AllowedDevicesFile AllowedKmemSpace AllowedRAMSpace AllowedSwapSpace CgroupAutomount CgroupMountpoint
    CgroupPlugin CgroupReleaseAgentDir ConstrainCores ConstrainDevices ConstrainKmemSpace ConstrainRAMSpace
    ConstrainSwapSpace EnableControllers IgnoreSystemd IgnoreSystemdOnFailure MaxKmemPercent MaxRAMPercent
    MaxSwapPercent MemoryLimitEnforcement MemoryLimitThreshold MemorySwappiness MinKmemSpace MinRAMSpace
    SignalChildrenProcesses SystemdTimeout
"""
_SLURMDBD = """
    AllResourcesAbsolute AllowNoDefAcct ArchiveDir ArchiveEvents ArchiveJobs ArchiveResvs ArchiveScript
    ArchiveSteps ArchiveSuspend ArchiveTXN ArchiveUsage AuthAltParameters AuthAltTypes AuthInfo AuthType
    CommitDelay CommunicationParameters DbdAddr DbdBackupHost DbdHost DbdPort DebugFlags DebugLevel
    DebugLevelSyslog DefaultQOS DisableCoordDBD HashPlugin Include JobPurge LogFile LogTimeFormat
    MaxQueryTimeRange MessageTimeout Parameters PidFile PluginDir PrivateData PurgeEventAfter PurgeEventMonths
    PurgeJobAfter PurgeJobMonths PurgeResvAfter PurgeStepAfter PurgeStepMonths PurgeSuspendAfter
    PurgeSuspendMonths PurgeTXNAfter PurgeTXNMonths PurgeUsageAfter PurgeUsageMonths SlurmUser StepPurge
    StorageBackupHost StorageHost StorageLoc StorageParameters StoragePass StoragePort StorageType StorageUser
    TCPTimeout TLSParameters TLSType TrackSlurmctldDown TrackWCKey
"""
KEYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "slurmctld_config": ("slurm.conf", tuple(_SLURM.split())),
    "slurmctld_cgroup_config": ("cgroup.conf", tuple(_CGROUP.split())),
    "slurmdbd_config": ("slurmdbd.conf", tuple(_SLURMDBD.split())),
}
"""By the variable whose keys get into it: a file, and the keys that one release or the other reads there."""

# By the first and the last release that has them; where one is not named it is older, or there still.
_SINCE: Mapping[str, Mapping[Release, str]] = {
    "slurmctld_config": {
        (23, 2): "MaxBatchRequeue PreemptParameters SuspendExcStates",
        (24, 5): "HashPlugin TLSParameters TLSType",
        (24, 11): "CertmgrParameters CertmgrType DataParserParameters",
    },
    "slurmctld_cgroup_config": {(23, 11): "EnableControllers SignalChildrenProcesses", (24, 5): "SystemdTimeout"},
    "slurmdbd_config": {
        (23, 2): "AllResourcesAbsolute",
        (24, 5): "DisableCoordDBD HashPlugin TLSParameters TLSType",
    },
}
_UNTIL: Mapping[str, Mapping[Release, str]] = {
    "slurmctld_config": {(22, 5): "SlurmctldPlugstack", (23, 11): "SchedulerAuth"},
    "slurmctld_cgroup_config": {(23, 2): "AllowedKmemSpace ConstrainKmemSpace MaxKmemPercent MinKmemSpace"},
}


def first_release(variable: str, key: str) -> Release | None:
    """The release that brought a key, None for one that every supported release has."""
    return _named(_SINCE, variable, key)


def last_release(variable: str, key: str) -> Release | None:
    """The last release that has a key, None for one that every supported release has."""
    return _named(_UNTIL, variable, key)


def _named(bounds: Mapping[str, Mapping[Release, str]], variable: str, key: str) -> Release | None:
    for release, names in bounds.get(variable, {}).items():
        if key.lower() in names.lower().split():
            return release
    return None


def is_key(variable: str, key: str) -> bool:
    """Whether one of the releases reads the key, in any case, in the file of the variable."""
    return key.lower() in {name.lower() for name in KEYS[variable][1]}
